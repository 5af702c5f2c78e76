(block_mapping_pair key: (flow_node (plain_scalar) @identifier))
(flow_pair key: (flow_node (plain_scalar) @identifier))
[(anchor_name) (alias_name)] @identifier
