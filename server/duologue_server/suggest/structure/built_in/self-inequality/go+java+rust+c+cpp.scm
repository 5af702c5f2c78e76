((binary_expression left: (_) @a operator: "!=" right: (_) @b) @here (#eq? @a @b))
