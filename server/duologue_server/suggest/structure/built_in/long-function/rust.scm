(function_item) @here
