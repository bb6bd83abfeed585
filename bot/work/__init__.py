"""What runs without a person: jobs that are due, and time that passes."""
