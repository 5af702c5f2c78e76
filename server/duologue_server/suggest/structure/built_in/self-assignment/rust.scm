((assignment_expression left: (identifier) @name right: (_) @b) @here (#eq? @name @b))
