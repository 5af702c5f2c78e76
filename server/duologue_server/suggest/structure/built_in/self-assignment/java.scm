((assignment_expression left: (_) @name operator: "=" right: (_) @b) @here (#eq? @name @b))
