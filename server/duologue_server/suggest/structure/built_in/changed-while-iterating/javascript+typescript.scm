(for_in_statement right: [(identifier) (member_expression)] @over body: (_) @body) @here
