"""Around Streamlit: the gate, the headers, routes of our own, cookies."""
