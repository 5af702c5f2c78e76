(function_item name: (identifier) @name @here)
