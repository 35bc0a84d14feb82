"""The live edge: Socket.IO connections that are parsed, authorised and limited.  PROTOCOL.md tells what they say."""
