"""What is written in YAML files of ours, and what is wrong with them?"""
