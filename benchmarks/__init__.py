"""What the product's performance claims rest on: `make bench` and `make soak`."""
