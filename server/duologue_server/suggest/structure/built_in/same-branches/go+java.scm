((if_statement consequence: (block) @a alternative: (block) @b) @here (#eq? @a @b))
