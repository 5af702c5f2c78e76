((call_expression function: (member_expression property: (property_identifier) @name) arguments: (arguments . [(arrow_function "async") (function_expression "async")])) @here (#eq? @name "forEach"))
