# SOAP::Lite: perl scenario.pl BASE
use strict;
use utf8;
use SOAP::Lite;
binmode STDOUT, ':utf8';
my $client = SOAP::Lite->uri('urn:Uncall')->proxy($ARGV[0], timeout => 30);
print $client->UncallWorld('春节<&>')->result, "\n";
print $client->addIvrTask('801', '春节回访', 'sip/test/', '127000', 10, 0)->result, "\n";
print $client->addPhoneToTask('o_task_run_494', '18681471811,18681471812')->result, "\n";
print $client->updateTask('', 'run')->result, "\n";
print 'fault: ', $client->Nope('x')->faultstring, "\n";
