"""From read tables to the files that subscribers and visitors fetch."""
