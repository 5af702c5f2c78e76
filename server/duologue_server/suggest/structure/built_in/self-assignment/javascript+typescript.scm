((assignment_expression left: (identifier) @name right: (identifier) @b) @here (#eq? @name @b))
((assignment_expression left: (member_expression object: (this)) @name right: (member_expression) @b) @here (#eq? @name @b))
