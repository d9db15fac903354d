"""The pages: a Dash application on the same Flask app as the API."""
