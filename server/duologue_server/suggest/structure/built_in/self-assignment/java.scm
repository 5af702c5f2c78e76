((assignment_expression left: (identifier) @name operator: "=" right: (_) @b) @here (#eq? @name @b))
