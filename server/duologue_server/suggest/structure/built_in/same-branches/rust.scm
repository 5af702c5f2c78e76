((if_expression consequence: (block) @a alternative: (else_clause (block) @b)) @here (#eq? @a @b))
