"""How does a person, or another node for one, have something looked at, by the names in use?"""
