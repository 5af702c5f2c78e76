(catch_clause "catch" @here body: (_) @body) @clause
