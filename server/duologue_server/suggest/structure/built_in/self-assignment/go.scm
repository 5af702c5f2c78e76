((assignment_statement left: (expression_list . (_) @name .) operator: "=" right: (expression_list . (_) @b .)) @here (#eq? @name @b))
