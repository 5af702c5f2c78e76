((index_expression . (_) @a (call_expression function: (field_expression value: (_) @b field: (field_identifier) @f)) .) @here (#eq? @f "len") (#eq? @a @b))
