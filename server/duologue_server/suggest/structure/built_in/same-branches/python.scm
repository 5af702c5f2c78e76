((if_statement consequence: (block) @a alternative: (else_clause body: (block) @b)) @here (#eq? @a @b))
