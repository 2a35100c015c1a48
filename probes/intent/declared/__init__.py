"""What did the operator declare in `network-config.yml` and `service-discovery.yml`?"""
