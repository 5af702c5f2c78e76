((assignment_expression left: (_) @name right: (_) @b) @here (#eq? @name @b))
