[(body_statement) (hash)] @here
