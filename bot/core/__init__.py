"""The shared vocabulary. Standard library only; runs on Python 3.10 to 3.13; imports nothing of ours."""
