((index_expression operand: (_) @a index: (call_expression function: (identifier) @f arguments: (argument_list . (_) @b .))) @here (#eq? @f "len") (#eq? @a @b))
