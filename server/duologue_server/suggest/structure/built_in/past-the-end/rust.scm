(for_expression pattern: (identifier) @name value: (range_expression) @bound body: (block) @body) @here
(while_expression condition: (_) @bound body: (block) @body) @here
