((subscript_expression object: (_) @a index: (member_expression object: (_) @b property: (property_identifier) @f)) @here (#eq? @f "length") (#eq? @a @b))
