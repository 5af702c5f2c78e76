(body_statement) @here
