"""Do the documents say what the agents told?"""
