((subscript value: (_) @a subscript: (call function: (identifier) @f arguments: (argument_list . (_) @b .))) @here (#eq? @f "len") (#eq? @a @b))
