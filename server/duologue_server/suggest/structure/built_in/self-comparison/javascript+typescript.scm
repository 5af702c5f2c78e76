((binary_expression left: (_) @a operator: ["==" "===" "<" ">" "<=" ">=" "&&" "||"] right: (_) @b) @here (#eq? @a @b))
((binary_expression left: (member_expression) @a operator: ["!=" "!=="] right: (_) @b) @here (#eq? @a @b))
