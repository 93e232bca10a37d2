<?php // PHP's SoapClient: php scenario.php BASE MODE [OPTION=VALUE ...]; MODE: encoded, literal or none (no WSDL)
[$_, $base, $mode] = $argv;
$options = ['cache_wsdl' => WSDL_CACHE_NONE];
foreach (array_slice($argv, 3) as $option) {
    [$name, $value] = explode('=', $option);
    $options[$name] = ctype_digit($value) ? (int) $value : $value;
}
if ($mode == 'none') {
    $client = new SoapClient(null, $options + ['location' => $base, 'uri' => 'urn:Uncall']);
} else {
    $client = new SoapClient($base . ($mode == 'literal' ? '?wsdl=literal' : '?wsdl'), $options);
}
echo $client->UncallWorld('春节<&>'), "\n";
echo $client->addIvrTask('801', '春节回访', 'sip/test/', '127000', 10, 0), "\n";
echo $client->addPhoneToTask('o_task_run_494', '18681471811,18681471812'), "\n";
echo $client->updateTask('', 'run'), "\n";
try {
    $client->Nope('x');
} catch (SoapFault $fault) {
    echo 'fault: ', $fault->getMessage(), "\n";
}
