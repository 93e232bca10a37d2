"""SOAP as old clients speak it: requests read leniently, answers written as PHP's SoapServer writes them."""
