[(block) (constructor_body)] @here
