((if_statement consequence: (compound_statement) @a alternative: (else_clause (compound_statement) @b)) @here (#eq? @a @b))
