"""Receiving between nights: new files into the inbox of the coming night, and a receipt to each sender in minutes."""
