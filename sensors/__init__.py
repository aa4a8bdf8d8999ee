"""What starts runs without a person: new clips become shards and runs."""
