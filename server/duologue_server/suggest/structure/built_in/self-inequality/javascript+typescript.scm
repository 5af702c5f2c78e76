((binary_expression left: [(unary_expression operator: "typeof") (call_expression)] @a operator: ["!=" "!=="] right: (_) @b) @here (#eq? @a @b))
