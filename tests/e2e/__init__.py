"""The product as its users meet it: started by its command, driven by a browser."""
