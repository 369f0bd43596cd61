"""What an operator sees of the gateway: metrics, records of usage, the access log; never a secret."""
