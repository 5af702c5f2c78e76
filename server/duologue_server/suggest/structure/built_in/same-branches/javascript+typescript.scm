((if_statement consequence: (statement_block) @a alternative: (else_clause (statement_block) @b)) @here (#eq? @a @b))
