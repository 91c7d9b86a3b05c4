"""Activity Flex statements: read, put into our own words, stored and merged with what the API said."""
