<?php // Call control through PHP's SoapClient: php control.php BASE MODE; MODE: encoded, literal or none (no WSDL)
// Each line of the standard input is one call, a JSON list of the method's name and its arguments; each answer is a line.
[$_, $base, $mode] = $argv;
if ($mode == 'none') {
    $client = new SoapClient(null, ['location' => $base, 'uri' => 'urn:Uncall']);
} else {
    $client = new SoapClient($base . ($mode == 'literal' ? '?wsdl=literal' : '?wsdl'), ['cache_wsdl' => WSDL_CACHE_NONE]);
}
while (($line = fgets(STDIN)) !== false) {
    $arguments = json_decode($line);
    $method = array_shift($arguments);
    echo $client->$method(...$arguments), "\n";
}
