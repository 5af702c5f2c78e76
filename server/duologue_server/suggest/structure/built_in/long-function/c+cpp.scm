(function_definition) @here
