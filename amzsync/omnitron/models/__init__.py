"""What Omnitron sends and takes, parsed once at the edge."""
