(for_statement condition: (_) @bound body: (_) @body) @here
(while_statement condition: (_) @bound body: (_) @body) @here
