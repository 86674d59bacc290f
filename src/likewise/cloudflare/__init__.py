"""What Cloudflare shall be told about a service, and the forms that it is told in."""
