"""Graph components of the pipeline in config.yml: pure numpy at serving time, persisted as JSON and npz, no pickle.

Rasa registers a component by its bare class name, so names are unique across this package and Rasa's own.
"""
