"""What has to be done so that the Swarm is as declared?"""
