((assignment_expression left: (identifier) @name right: (identifier) @b) @here (#eq? @name @b))
