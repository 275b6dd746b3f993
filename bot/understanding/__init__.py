"""What a message means, decided in one place: for the dialogue (actions) and for ``ventanilla understand`` alike.

Engine environment, without Rasa: what Rasa's classifier heard comes in as a ranking of intents.
"""
